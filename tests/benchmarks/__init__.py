"""What `make bench` measures: speed and memory, beside what a plain script gets, on one machine."""
