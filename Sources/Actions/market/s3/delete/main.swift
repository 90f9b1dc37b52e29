import MarketS3

Delete.main()
