import DatastoreDownloader

Downloader.main()
