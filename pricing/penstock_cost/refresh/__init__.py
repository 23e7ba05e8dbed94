"""Fresh list prices from the clouds' public price lists, put into a folder that a price book may read."""
