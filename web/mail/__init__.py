"""What people see in a mailbox: the words and the looks of each mail, in the language of who reads it."""
