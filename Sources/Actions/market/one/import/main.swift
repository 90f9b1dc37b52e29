import MarketOne

Import.main()
