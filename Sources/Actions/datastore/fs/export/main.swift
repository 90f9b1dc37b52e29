import DatastoreFS

Export.main()
