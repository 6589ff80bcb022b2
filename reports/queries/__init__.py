"""Reads of reports over rollups, facts, visits and contacts."""
