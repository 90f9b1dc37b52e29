import MarketOne

Export.main()
