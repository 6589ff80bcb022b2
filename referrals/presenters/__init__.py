"""Referrals and imports as templates show them: words, tones, reasons why. No database here."""
