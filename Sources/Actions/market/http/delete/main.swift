import MarketHTTP

Delete.main()
