import DatastoreFS

Copy.main()
