import MarketHTTP

Import.main()
