COLUMN = "name"
