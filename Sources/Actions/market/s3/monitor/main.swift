import MarketS3

Monitor.main()
