#!/usr/bin/env python3
"""Make a world of referrals with a known truth: provider file, roster, network, extracts in three EHR shapes, visits.

    python make_world.py --out DIR [--seed 7] [--providers 600] [--referrals 60000] [--months 30] [--end 2026-11-01]
                         [--unknown .2] [--decliners 12] [--clean]

Needs numpy only. Everything is invented: NPIs start with 2 (valid check digit, none issued); patients are canaries whose names,
birth dates (1931-1939) and record numbers (QX…) occur nowhere else, so that a search of a dump for them means what it says.

  nppes.csv         providers in the NPPES layout (a subset of its headers, to the letter)
  practices.csv     practice, address, zip, provider_npi: who works where (primary practice)
  roster.csv        practice, alignment, from, to: employed / affiliated / independent, half-open dates; its providers follow it
  network.csv       destination organisations: organization, alignment, from, to, service_line; half-open dates, several rows where it changed
  territories.csv   territory, parent, zip
  visits.csv        outreach visits: practice, provider_npi, date, mode, topic
  referrals_a.csv   OUR ORDERS. comma, UTF-8 with BOM, m/d/Y; patient name, birth date and record number inside (must not be kept);
                    rows that must be rejected, rows with a finding, duplicates, own follow-ups
  referrals_b.psv   RECEIVED from practices that are not ours. pipe, latin-1, ISO date-times, "LAST, FIRST M", 15 % of NPIs missing,
                    3 % with the organisation only, destinations as free text with typos
  referrals_c.tsv   OUR ORDERS of another EHR. tab, Excel serial dates, every change of state re-sent as a row with the same id
  truth.json        what a correct import and correct measures find (METHODS.md sections 1 and 2)

Flow by the alignment of both ends on the order date ("ours" = employed or affiliated): internal ours→ours, outbound ours→not ours, inbound
not ours→ours, undetermined ours→blank destination. Every state counts. Duplicates (same patient, line and requester within 30 days of a
referral that was not rejected) and own follow-ups (requester = performer) are rows, but in no measure. Territory: the ZIP of the referring
practice. A referral without a provider counts everywhere but by provider.
"""
import argparse, csv, datetime as dt, json, pathlib
import numpy as np

FIRST = "Ana Ben Carla Dev Elena Femi Grace Hugo Iris Jun Kofi Lena Marco Nadia Omar Priya Quinn Rosa Sam Tara Uma Victor Wei Ximena Yusuf Zoe Sean Noël José Zoë".split()
LAST = "Abbott Baker Castillo Diaz Edwards Fischer Garcia Huang Ibrahim Jensen Kowalski Lopez Murphy Nguyen O'Brien Patel Quist Romero Schmidt Tanaka Ueda Varga Walsh Xu Young Zimmer Núñez Müller St.John Smith-Jones".split()
CANARY = ["Xanthippe", "Ysolde", "Zebulon", "Quillon", "Vexley", "Wrenna"], ["Quillbrook", "Vandersnoot", "Yarrowby", "Zwickmere", "Wexcombe"]
STREET = "Main Oak Elm Park Church Hospital Medical Center College State River Hill Lake School Maple".split()
SPEC = [("207Q00000X", "Family Medicine", None), ("207R00000X", "Internal Medicine", None), ("208000000X", "Pediatrics", None),
        ("363LF0000X", "Nurse Practitioner, Family", None), ("207RC0000X", "Cardiovascular Disease", "Cardiology"),
        ("207X00000X", "Orthopaedic Surgery", "Orthopedics"), ("207RG0100X", "Gastroenterology", "Gastroenterology"),
        ("2084N0400X", "Neurology", "Neurosciences"), ("207RX0202X", "Medical Oncology", "Oncology"),
        ("207RP1001X", "Pulmonary Disease", "Pulmonology"), ("208600000X", "Surgery", "Surgery"),
        ("207V00000X", "Obstetrics & Gynecology", "Women's Health")]
LINES = [s[2] for s in SPEC if s[2]]
PAYERS = ["Medicare", "Medicaid", "Aetna", "Cigna", "UnitedHealthcare", "Anthem BCBS", "Self-pay"]
ZIPS = ("06103 06105 06106 06107 06108 06109 06110 06111 06117 06119 06401 06418 06450 06451 06460 06510 06511 06512 06513 06514 06515 06516 "
        "06604 06605 06606 06610 06702 06704 06705 06706 02903 02904 02905 02906 02907 02908 02909 02910 02914 02920").split()
TERR = {"Hartford": ZIPS[0:10], "Middlesex": ZIPS[10:14], "New Haven": ZIPS[14:22], "Bridgeport": ZIPS[22:26], "Waterbury": ZIPS[26:30], "Providence": ZIPS[30:]}
REASONS = ["service not offered", "no capacity", "payer network", "distance", "patient choice", "referrer habit"]
STATES = ["received", "scheduled", "seen", "no-show", "cancelled", "rejected"]
FLOWS = ["inbound", "internal", "outbound", "undetermined"]
DAY = lambda x: dt.date.fromordinal(int(x))
SERIAL = lambda x: str(int(x) - dt.date(1899, 12, 30).toordinal())


def npi(n):
    """The n-th invented NPI: 2 and eight digits, then the Luhn check digit over 80840 + number."""
    base = f"2{n % 10**8:08d}"
    total = 0
    for i, c in enumerate(reversed("80840" + base)):
        d = int(c) * (2 if i % 2 == 0 else 1)
        total += d - 9 if d > 9 else d
    return base + str(-total % 10)


def arguments():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--out", required=True); a.add_argument("--seed", type=int, default=7)
    a.add_argument("--providers", type=int, default=600); a.add_argument("--referrals", type=int, default=60000)
    a.add_argument("--months", type=int, default=30); a.add_argument("--end", default="2026-11-01")
    a.add_argument("--unknown", type=float, default=.2, help="share of our orders that name no destination")
    a.add_argument("--decliners", type=int, default=12, help="referrers of >= 10 a month who fall to 35 %% in the last 4 months")
    a.add_argument("--clean", action="store_true", help="no bad rows, duplicates, re-sends, typos or missing NPIs")
    o = a.parse_args()
    if dt.date.fromisoformat(o.end).day != 1:
        a.error("--end must be the first of a month")
    return o


def main():
    o = arguments(); rng = np.random.default_rng(o.seed); out = pathlib.Path(o.out); out.mkdir(parents=True, exist_ok=True)
    end = dt.date.fromisoformat(o.end); back = lambda k: dt.date(end.year + (end.month - 1 - k) // 12, (end.month - 1 - k) % 12 + 1, 1)
    months = [back(k) for k in range(o.months, 0, -1)]; starts = np.array([m.toordinal() for m in months] + [end.toordinal()])
    half, late = months[len(months) // 2].toordinal(), months[2 * len(months) // 3].toordinal()

    # practices with an alignment; providers with one primary practice
    P, n_prac = o.providers, max(8, o.providers // 4)
    prac = [(f"{rng.choice(LAST)} {rng.choice(['Medical Group', 'Family Practice', 'Associates', 'Health Center', 'Physicians'])} {i + 1}",
             f"{rng.integers(1, 999)} {rng.choice(STREET)} St", ZIPS[int(rng.integers(len(ZIPS)))]) for i in range(n_prac)]
    align = rng.choice(3, n_prac, p=[.4, .15, .45])                       # employed, affiliated, independent
    joins = (align == 2) & (rng.random(n_prac) < .1)                      # independent, employed from half-way on
    n_ref = int(P * .7); spec = np.r_[rng.choice(4, n_ref, p=[.45, .3, .12, .13]), rng.integers(4, len(SPEC), P - n_ref)]
    home = rng.integers(0, n_prac, P); names, taken = [], set()
    for i in range(P):                                                    # a name stands once in a practice
        while True:
            n = str(rng.choice(FIRST)), str(rng.choice(LAST)), "ABCDEFGHJKLM"[int(rng.integers(12))]
            if (n[0], n[1], home[i]) not in taken:
                break
        taken.add((n[0], n[1], home[i])); names.append(n)
    ids = [npi(o.seed * 100000 + i) for i in range(P)]; zip_of = {z: t for t, zs in TERR.items() for z in zs}
    terr = np.array([zip_of[prac[h][2]] for h in home])

    # destinations, four a line; dated rows (from, to, alignment)
    dests, hist = [], []
    for i, line in enumerate(LINES):
        for k, kind in enumerate(["employed", "affiliated", "independent", "competitor"]):
            rows = [("", "", kind)]
            if k == 1 and i % 3 == 0:
                rows = [("", DAY(half).isoformat(), "independent"), (DAY(half).isoformat(), "", "affiliated")]
            if k == 1 and i % 3 == 1:
                rows = [("", DAY(late).isoformat(), "affiliated"), (DAY(late).isoformat(), "", "competitor")]
            dests.append((f"{['Riverbend', 'Northfield', 'Lakeshore', 'Summit'][k]} {line}", line)); hist.append(rows)
    def dest_ours(dest, day):
        k, i = dest % 4, dest // 4
        return (k == 0) | ((k == 1) & np.where(i % 3 == 0, day >= half, np.where(i % 3 == 1, day < late, True)))

    # referrals
    N = o.referrals; w = rng.pareto(1.3, n_ref) + .3; w /= w.sum(); season = 1 + .12 * np.sin(2 * np.pi * np.array([m.month for m in months]) / 12)
    rate = w * N / len(months); big = np.flatnonzero((rate >= 10) & (rate <= 60)); decl = rng.choice(big, size=min(o.decliners, len(big)), replace=False)
    lam = np.outer(w, season); lam[decl, -4:] *= .35; lam /= lam.sum()
    cell = rng.choice(lam.size, size=N, p=lam.ravel()); ref, mon = cell // len(months), cell % len(months)
    day = starts[mon] + (rng.random(N) * (starts[mon + 1] - starts[mon])).astype(int); line = rng.choice(len(LINES), N, p=rng.dirichlet(np.full(len(LINES), 6.)))
    h = home[ref]; ours = (align[h] < 2) | (joins[h] & (day >= half))
    p_out = np.clip(rng.beta(2, 5, n_ref)[ref] + .1 * (line == 1), .02, .95); out_, alt = rng.random(N) < p_out, rng.random(N) < .4
    dest = line * 4 + np.where(out_, np.where(alt, 2, 3), np.where(alt, 1, 0))
    to_us = dest_ours(dest, day); dest = np.where(~ours & ~to_us, line * 4, dest); to_us = to_us | ~ours   # others are seen only when they send to us
    unknown = ours & (rng.random(N) < o.unknown)
    flow = np.where(~ours, 0, np.where(unknown, 3, np.where(to_us, 1, 2)))
    src = np.where(~ours, 1, np.where(rng.random(N) < .7, 0, 2)); payer = rng.choice(len(PAYERS), N, p=[.3, .15, .15, .1, .13, .12, .05])
    stage = rng.choice(6, N, p=[.08, .12, .55, .08, .1, .07]); appt = day + np.maximum(1, rng.gamma(2, 9, N)).astype(int)
    stage = np.where((stage >= 1) & (stage <= 3) & (appt > end.toordinal()), 1, stage); report = (stage == 2) & (rng.random(N) < .6)
    why = rng.integers(0, len(REASONS), N); spec_to = rng.integers(n_ref, P, N); mrn = 10**6 + rng.permutation(9 * 10**6)[:N] if N <= 9 * 10**6 else 10**6 + np.arange(N)
    own = (src == 0) & (rng.random(N) < .005) & (not o.clean); noprov = (src == 1) & (rng.random(N) < .03) & (not o.clean)
    badnpi = (src == 0) & ~own & (rng.random(N) < .001) & (not o.clean); miss, typo = rng.random(N) < .15, rng.random(N) < .08
    dup = np.flatnonzero((src == 0) & (stage != 5) & ~own & (rng.random(N) < .01) & (day + 25 < end.toordinal()) & (not o.clean))
    full = lambda i: f"{names[i][0]} {names[i][1]}"; mdy = lambda x: DAY(x).strftime("%m/%d/%Y")
    count = {s: {"rows": 0, "referrals": 0, "rejected": {}, "findings": {}, "duplicates": 0, "own_follow_ups": 0} for s in "abc"}

    A = ["Pending Review", "Scheduled", "Completed", "No Show", "Canceled", "Denied"]
    with open(out / "referrals_a.csv", "w", newline="", encoding="utf-8-sig") as f:
        c = csv.writer(f); c.writerow(["Referral ID", "Entry Date", "Referred By Provider", "Referred By NPI", "Referred By Location", "Referred By ZIP",
            "Referred To Provider", "Referred To NPI", "Referred To Facility", "Referral Type", "Priority", "Status", "Appt Date", "Report Received Date",
            "Payer", "Reason", "Patient MRN", "Patient Name", "Patient DOB"])
        def row_a(j, key, on):
            r, k = int(ref[j]), int(ref[j] if own[j] else spec_to[j]); p = prac[home[r]]; blank = unknown[j]
            return [key, mdy(on), full(r), ids[r][:-1] + str((int(ids[r][-1]) + 1) % 10) if badnpi[j] else ids[r], p[0], p[2],
                    "" if blank and not own[j] else full(k), "" if blank and not own[j] else ids[k], "" if blank else dests[dest[j]][0], LINES[line[j]],
                    "Urgent" if j % 11 == 0 else "Routine", A[stage[j]], mdy(appt[j] + on - day[j]) if stage[j] in (1, 2, 3) else "",
                    mdy(appt[j] + on - day[j] + 5) if report[j] else "", PAYERS[payer[j]], REASONS[why[j]] if flow[j] == 2 else "",
                    f"QX{mrn[j]}", f"{CANARY[0][j % 6]} {CANARY[1][j % 5]}", f"193{j % 10}-0{1 + j % 9}-1{j % 9}"]
        dups = set(dup.tolist())
        for j in np.flatnonzero(src == 0):
            c.writerow(row_a(j, f"A{j:09d}", day[j])); count["a"]["rows"] += 1
            if j in dups:
                c.writerow(row_a(j, f"A{j:09d}D", day[j] + 1 + j % 20)); count["a"]["rows"] += 1
        q = 0 if o.clean else max(3, int((src == 0).sum()) // 2000)
        for n in range(q):
            for reason, at, v in (("bad date", 1, "13/45/2026"), ("missing id", 0, ""), ("unknown status", 11, "Frobbed"), ("future date", 1, "01/15/2031")):
                row = [f"AX{n:06d}{reason[:2]}", "06/01/2026", full(0), ids[0], prac[home[0]][0], prac[home[0]][2], "", "", dests[0][0], LINES[0], "Routine",
                       "Completed", "", "", PAYERS[0], "", "QX1", "Ysolde Yarrowby", "1931-01-01"]
                row[at] = v; c.writerow(row); count["a"]["rows"] += 1
                count["a"]["rejected"][reason] = count["a"]["rejected"].get(reason, 0) + 1
    count["a"].update(referrals=int((src == 0).sum()) + len(dup), duplicates=len(dup), own_follow_ups=int(own.sum()), findings={"bad npi": int(badnpi.sum()) + int(badnpi[dup].sum())})

    lat = lambda s: s.encode("latin-1", "replace").decode("latin-1")
    with open(out / "referrals_b.psv", "w", newline="", encoding="latin-1") as f:
        f.write("REF_NBR|CREATED_DTTM|FROM_PROV|FROM_NPI|FROM_ORG|FROM_POSTAL|TO_ORG_TXT|SVC_LINE|STATUS_CD|APPT_DTTM|RPT_DTTM|FIN_CLASS|MRN\r\n")
        for j in np.flatnonzero(src == 1):
            r = int(ref[j]); p, n, to = prac[home[r]], names[r], dests[dest[j]][0]
            if typo[j] and not o.clean:
                to = to.upper().replace("E", "", 1) + "  "
            f.write(lat("|".join([f"B-{j}", f"{DAY(day[j])}T09:30:00", "" if noprov[j] else f"{n[1].upper()}, {n[0].upper()} {n[2]}",
                "" if noprov[j] or (miss[j] and not o.clean) else ids[r], p[0].upper(), p[2], to, LINES[line[j]], "RSCNXD"[stage[j]],
                f"{DAY(appt[j])}T14:00:00" if stage[j] in (1, 2, 3) else "", f"{DAY(appt[j] + 5)}T08:00:00" if report[j] else "", PAYERS[payer[j]], f"QX{mrn[j]}"])) + "\r\n")
            count["b"]["rows"] += 1
    count["b"]["referrals"] = count["b"]["rows"]

    C = ["NEW", "APPT", "DONE", "NOSHOW", "CANC", "REJ"]
    with open(out / "referrals_c.tsv", "w", newline="", encoding="utf-8") as f:
        f.write("id\treferred\treferrer npi\treferrer\tto npi\tto\tline\tstate\tappointment\treport back\tinsurance\tchart\n")
        for j in np.flatnonzero(src == 2):
            r, k, last = int(ref[j]), int(spec_to[j]), int(stage[j]); path = [0] + [1] * (last in (1, 2, 3)) + [last] * (last > 1)
            for s in (path[-1:] if o.clean else path):
                f.write("\t".join([f"c{j}", SERIAL(day[j]), ids[r], full(r), "" if unknown[j] else ids[k], "" if unknown[j] else dests[dest[j]][0], LINES[line[j]], C[s],
                    SERIAL(appt[j]) if s in (1, 2, 3) else "", SERIAL(appt[j] + 5) if report[j] and s == last else "", PAYERS[payer[j]], f"QX{mrn[j]}"]) + "\n")
                count["c"]["rows"] += 1
    count["c"]["referrals"] = int((src == 2).sum())

    def table(name, head, rows, **kw):
        with open(out / name, "w", newline="") as f:
            c = csv.writer(f, **kw); c.writerow(head); c.writerows(rows)
    table("nppes.csv", ["NPI", "Entity Type Code", "Replacement NPI", "Provider Organization Name (Legal Business Name)", "Provider Last Name (Legal Name)",
        "Provider First Name", "Provider Middle Name", "Provider Credential Text", "Provider First Line Business Practice Location Address",
        "Provider Business Practice Location Address City Name", "Provider Business Practice Location Address State Name",
        "Provider Business Practice Location Address Postal Code", "Provider Business Practice Location Address Telephone Number", "Last Update Date",
        "NPI Deactivation Date", "Healthcare Provider Taxonomy Code_1", "Healthcare Provider Primary Taxonomy Switch_1"],
        [[ids[i], "1", "", "", names[i][1].upper(), names[i][0].upper(), names[i][2], "NP" if spec[i] == 3 else "MD" if i % 5 else "DO", prac[home[i]][1].upper(), terr[i].upper(),
          "RI" if prac[home[i]][2].startswith("029") else "CT", prac[home[i]][2] + "1234", f"203555{1000 + i % 9000}", "06/01/2026", "", SPEC[spec[i]][0], "Y"] for i in range(P)],
        quoting=csv.QUOTE_ALL)
    table("practices.csv", ["practice", "address", "zip", "provider_npi"], [[*prac[home[i]], ids[i]] for i in range(P)])
    word = ["employed", "affiliated", "independent"]
    table("roster.csv", ["practice", "alignment", "from", "to"], [r for i in range(n_prac) for r in ([[prac[i][0], "independent", "", DAY(half).isoformat()],
        [prac[i][0], "employed", DAY(half).isoformat(), ""]] if joins[i] else [[prac[i][0], word[align[i]], "", ""]])])
    table("network.csv", ["organization", "alignment", "from", "to", "service_line"], [[d[0], r[2], r[0], r[1], d[1]] for d, rows in zip(dests, hist) for r in rows])
    table("territories.csv", ["territory", "parent", "zip"], [[t, "Rhode Island" if t == "Providence" else "Connecticut", z] for t, zs in TERR.items() for z in zs])
    table("visits.csv", ["practice", "provider_npi", "date", "mode", "topic"], [[prac[home[i]][0], ids[i], DAY(rng.integers(starts[0], starts[-1])).isoformat(),
        str(rng.choice(["in person", "phone", "virtual", "drop-off"])), str(rng.choice(["new service", "access", "scheduling problem", "introduction", "feedback"]))]
        for i in rng.choice(n_ref, size=min(n_ref, 200), replace=False) for _ in range(int(rng.integers(1, 6)))])

    def sums(m):
        m = m & ~own; n = [int((m & (flow == k)).sum()) for k in range(4)]
        return {"volume": int(m.sum()), **dict(zip(FLOWS, n)), "received": n[0] + n[1], "leakage_ordered": [n[2], n[1] + n[2]]}
    truth = {"seed": o.seed, "months": [m.isoformat() for m in months], "files": count, "all": sums(np.ones(N, bool)),
        "by_source": {s: sums(src == k) for k, s in enumerate("abc")}, "by_month": {m.isoformat(): sums(mon == k) for k, m in enumerate(months)},
        "by_service_line": {l: sums(line == k) for k, l in enumerate(LINES)}, "by_payer": {p: sums(payer == k) for k, p in enumerate(PAYERS)},
        "by_territory": {t: sums(terr[ref] == t) for t in TERR}, "by_state": {s: sums(stage == k) for k, s in enumerate(STATES)},
        "top_providers": {ids[i]: sums((ref == i) & ~noprov) for i in np.argsort(-np.bincount(ref, minlength=n_ref))[:25]},
        "reports_received": int((report & ~own).sum()), "patients_by_source": {s: int(((src == k) & ~own).sum()) for k, s in enumerate("abc")},
        "planted_decliners": {ids[i]: {"from": months[-4].isoformat(), "monthly_before": round(float(rate[i]), 1), "factor": .35} for i in decl}}
    (out / "truth.json").write_text(json.dumps(truth, indent=1)); print(json.dumps({k: truth[k] for k in ("files", "all")}))


if __name__ == "__main__":
    main()
