import MarketExample

Monitor.main()
