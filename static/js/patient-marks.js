/* Marks by which a patient might be known in free text: the rules of common/patient_marks.py, word for word (tests hold the two together).
   patientMarks(text, today) finds them, patientWarning(texts, today) makes the sentence; blank when there is none. */
self.patientMarks = (() => {
  const YOUNG = 3;
  const DATE = String.raw`(?:\d{1,2}[/.-]\d{1,2}[/.-](?:\d{4}|\d{2})|\d{4}-\d{1,2}-\d{1,2}|\d{1,2} [A-Z][a-z]{2,8}\.? \d{4}|[A-Z][a-z]{2,8}\.? \d{1,2},? \d{4})`;
  // JavaScript's flag "i" is for a whole pattern: where only some words may be written in any case, their letters are spelled out.
  const any = (words) => words.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
  const pattern = (source, flags = "") => new RegExp(source, `gu${flags}`);
  const RECORD = pattern(String.raw`\b(?:(?:mrn?|ssn)\b\.?[\s:#\-]*(?=[\w\-]*\d{3})[\w\-]{3,}|(?:record|chart|acct|account|encounter|member|policy)\b\.?(?:\s*(?:no|nr|num|number|id)\b\.?)?[\s:#\-]*(?=[\w\-]*\d{3})[\w\-]{5,})`, "i");
  const SOCIAL = pattern(String.raw`\b\d{3}-\d{2}-\d{4}\b`);
  const LONG = pattern(String.raw`(?<![\d$.,#\/\-])\d{6,10}(?![\d\/\-]|[.,]\d)`);
  const PHONE = /^[2-9]\d\d[2-9]\d{6}$/u;
  const ON = any("on") + "|" + any("in");
  const BIRTH = pattern(String.raw`\b(?:${any("d")}\.?${any("o")}\.?${any("b")}\.?|${any("date of birth")}|${any("birth")} ?${any("da")}(?:${any("te")}|${any("y")})|${any("born")})[\s:=\-]*(?:(?:${ON})\s+)?(?:${DATE}|(?:19|20)\d\d\b)`);
  const WHOLE_DATE = pattern(String.raw`\b${DATE}\b`);
  const PATIENT = pattern(String.raw`\b(?:${any("pt")}${any("s")}?|${any("patient")}${any("s")}?|${any("pat")})\b\.?:?\s+(?:${any("name")}\s*(?:${any("is")}\s+|[:=]\s*)?|(?:(?:${any("named")}|${any("called")})\s+)?)([A-Z][a-z'\u2019\-]+|[A-Z]\.?\s?[A-Z]\.)`);
  const TITLE = pattern(String.raw`\b(?:Mr|Mrs|Ms|Miss)\b\.?\s+([A-Z][a-z'\u2019\-]+)`);
  const NOT_NAMES = new Set(("access advocate care center clinic education experience financial first flow forms hub info intake journey line "
    + "navigator navigators navigation outreach portal referral referrals registration relations safety satisfaction scheduling service "
    + "services support survey transfer transport transportation volume volumes wait").split(" "));

  // A provider's number carries a check digit over 80840 and itself (Luhn).
  function isNpi(digits) {
    if (!/^\d{10}$/.test(digits)) return false;
    const sum = [...`80840${digits}`].reverse().reduce((total, digit, place) => {
      const value = Number(digit) * (place % 2 ? 2 : 1);
      return total + (value > 9 ? value - 9 : value);
    }, 0);
    return sum % 10 === 0;
  }

  function isOld(date, year) {
    const years = date.match(/\d{4}/g);
    if (years) return Number(/^\d{4}/.test(date) ? years[0] : years.at(-1)) < year - YOUNG;
    const short = Number(date.split(/[/.-]/).at(-1));
    return !((year % 100) - YOUNG <= short && short <= (year % 100) + 1);
  }

  function* candidates(text, year) {
    const all = function* (rule, kind, wanted = () => true) {
      for (const match of text.matchAll(rule)) if (wanted(match)) yield { kind, start: match.index, end: match.index + match[0].length };
    };
    yield* all(BIRTH, "a date of birth");
    yield* all(RECORD, "a record number");
    yield* all(SOCIAL, "a social security number");
    yield* all(WHOLE_DATE, "a date of birth", (match) => isOld(match[0], year));
    yield* all(LONG, "a record number", (match) => !isNpi(match[0]) && !PHONE.test(match[0]));
    const name = (match) => !NOT_NAMES.has(match[1].toLowerCase());
    yield* all(PATIENT, "a patient's name", name);
    yield* all(TITLE, "a person's name", name);
  }

  return function patientMarks(text, today = new Date()) {
    const found = [];
    for (const mark of candidates(text, today.getFullYear())) {
      if (!found.some((other) => mark.start < other.end && other.start < mark.end)) found.push(mark);
    }
    return found.sort((a, b) => a.start - b.start);
  };
})();

self.patientWarning = (texts, today = new Date()) => {
  const found = texts.flatMap((text) => patientMarks(text, today).map((mark) => ({ kind: mark.kind, words: text.slice(mark.start, mark.end).trim() })));
  if (!found.length) return "";
  const kinds = [...new Set(found.map(({ kind }) => kind))];
  const listed = kinds.length > 1 ? `${kinds.slice(0, -1).join(", ")} and ${kinds.at(-1)}` : kinds[0];
  return `This looks like ${listed}: ${found.slice(0, 3).map(({ words }) => `\u201c${words}\u201d`).join(", ")}. Patients have no place here; take it out, or say that it is none.`;
};
