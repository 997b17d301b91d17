"""What a browser loads beside the pages, as it is: no build step, no libraries."""
