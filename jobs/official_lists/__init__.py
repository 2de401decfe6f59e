"""Official lists: annexes imported by hand, and pages watched for changes of the catalogue."""
