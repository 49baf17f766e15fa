"""What a function is given beside its trigger, and where what it gives goes."""
