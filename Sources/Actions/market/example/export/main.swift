import MarketExample

Export.main()
