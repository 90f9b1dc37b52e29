import MarketS3

Export.main()
