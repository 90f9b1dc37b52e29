import MarketOne

Delete.main()
