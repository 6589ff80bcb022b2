"""Pages of referrals: HTTP only."""
