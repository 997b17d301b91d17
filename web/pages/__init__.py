"""What people see in a browser. Each page is a function of the request and of what the program was wired with."""
