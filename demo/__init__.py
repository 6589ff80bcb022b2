"""An invented health system, loaded through the same doors as a real one."""
