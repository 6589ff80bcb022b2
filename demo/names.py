"""Invented names. Whoever is really called so is not meant: NPIs of the demo start with 2, and none of those is issued."""

FIRST = (
    "Ana Ben Carla Dev Elena Femi Grace Hugo Iris Jun Kofi Lena Marco Nadia Omar Priya Quinn Rosa Sam Tara Uma Victor Wei Ximena Yusuf Zoe "
    "Noel Jose Ruth Ivo Mina Theo Clara Idris Paula Anton Leila Pierre Sofia Malik"
).split()
LAST = (
    "Abbott Baker Castillo Diaz Edwards Fischer Garcia Huang Ibrahim Jensen Kowalski Lopez Murphy Nguyen O'Brien Patel Quist Romero "
    "Schmidt Tanaka Ueda Varga Walsh Xu Young Zimmer Núñez Müller Okafor Petrov Lindqvist Rossi Haddad Moreau Silva Novak Larsen "
    "Mensah Dubois Keller"
).split()
STREETS = "Main Oak Elm Park Church Medical Center College State River Hill Lake School Maple".split()
PLACES = (
    "Lakeview Northgate Maplewood Riverside Stonebridge Fairhaven Brookside Eastwood Pinecrest Harborview Millstone Westfield Clearwater "
    "Summerfield Greenleaf Highland Ashbury Glenmoor Kingsway Rosemont"
).split()
PRACTICE_KINDS = ("Family Practice", "Internal Medicine", "Primary Care", "Physicians", "Medical Group", "Health Center")
NOTES = (
    "Asked for a direct number to scheduling. Promised to send it.",
    "Happy with turnaround of reports. Likes the weekly summary by fax.",
    "Wait for new patients is over three weeks, they send elsewhere when it is urgent.",
    "Introduced the new service. They want criteria on one page.",
    "Front desk changed; left cards and the referral form.",
    "Prior authorization takes too long. Will ask our office to call back the same day.",
    "Wants a lunch talk for the whole team next month.",
    "Reports arrive late. Two were missing last month.",
)
PROMISES = (
    "Send the direct scheduling number",
    "Bring referral criteria on one page",
    "Ask scheduling about the wait for new patients",
    "Arrange a lunch talk with the specialist",
    "Find out why reports arrive late",
    "Update the fax number in our system",
)
