import MarketS3

Import.main()
