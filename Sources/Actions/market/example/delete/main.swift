import MarketExample

Delete.main()
