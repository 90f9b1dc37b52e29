import MarketHTTP

Export.main()
