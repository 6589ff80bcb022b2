"""Pages of the spend ledger. None of them shows a number of referrals."""
