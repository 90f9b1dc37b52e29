import OneMarket

MarketAccessDriver.main()
