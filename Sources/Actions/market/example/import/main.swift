import MarketExample

Import.main()
