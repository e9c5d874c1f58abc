"""What is measured, and beside what: made-up households by the million, the scheme written by hand, and the runs."""
