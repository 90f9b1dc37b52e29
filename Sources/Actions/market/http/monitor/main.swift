import MarketHTTP

Monitor.main()
