"""Texts with and without marks of a patient: the table that the rules of the server and those of the phone are both held to."""

from common.npi import with_check_digit

# text, the kind of the only mark in it
FOUND = [
    ("MRN 123456 waited six weeks", "a record number"),
    ("mrn:00981", "a record number"),
    ("MR# A-10023", "a record number"),
    ("record no. 4471902", "a record number"),
    ("chart 88-12345", "a record number"),
    ("account number X9912345", "a record number"),
    ("the one with 12345678", "a record number"),
    ("call about 1234567890", "a record number"),
    ("123-45-6789", "a social security number"),
    ("DOB 3/14/58", "a date of birth"),
    ("d.o.b. 03-14-1958", "a date of birth"),
    ("born on 14 Mar 1958", "a date of birth"),
    ("date of birth: 1958-03-14", "a date of birth"),
    ("born 1958", "a date of birth"),
    ("seen, 03/14/1958, twice", "a date of birth"),
    ("March 14, 1958", "a date of birth"),
    ("pt Smith was turned away", "a patient's name"),
    ("Pt. Jane waited", "a patient's name"),
    ("patient name: Jones", "a patient's name"),
    ("a patient named Garcia", "a patient's name"),
    ("patient J.D. was lost", "a patient's name"),
    ("Mrs. Alvarez never got a call", "a person's name"),
]

# what people write every day
ORDINARY = [
    "",
    "Patients wait six weeks for a new appointment.",
    "The patient was never called back. Patient access says 14 days.",
    "Patient Access and Patient Services both promised an answer",
    "New patient volume fell from 43 to 31, interval 24 to 40",
    "Call the front desk at 440-555-0134 or 4405550134, fax (440) 555-0199",
    "12 fewer referrals than expected, Aug 2026 to Oct 2026",
    "Lunch on 10/03/2026 at 12:30; back 3 Dec 2026",
    "Fax line down since 11/2/26",
    "Dr. Adams wants reports within 10 days, ZIP 44101, suite 1200",
    "Referral volumes of 2026 on record",
    f"His NPI is {with_check_digit('212345678')}",
    "We lost $125000 and 1,234,567 others",
    "NORTH FAMILY PRACTICE, pt portal does not open",
]

# more for the comparison of the two: several marks, borders of words and of lines, letters beyond ASCII
MIXED = [
    "Pt Smith, DOB 3/14/1958, MRN 123456",
    "pts Jones and patient: O'Neil; Mr. Ortega",
    "MRN: 12\nrecord id 99-88777, policy X12345",
    "born 1958, born in 1931, Born on 3 March 1944",
    "DOB=1958-03-14 dob 3.14.58 D.O.B. 03/14/1958",
    "1234567 12345678901 $1234567 1,234,567 12-345678 345678/2",
    "Miss Alvarez, Ms Á, Mrs. Ñuñez, Mr Smith\u2019s son",
    "patient is called Garcia, patient called Garcia, pat Name is Lee",
    "pt's chart 88-12345; PATIENT JONES; Patient Referral form",
    "3/14/24 3/14/27 3/14/22 14 Mar 1958 Sept. 3, 1960",
    "café 123456 \U0001f600 MRN 7654321 \U0001f600 pt Doe",
]
