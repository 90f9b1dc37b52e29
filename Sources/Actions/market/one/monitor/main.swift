import MarketOne

Monitor.main()
