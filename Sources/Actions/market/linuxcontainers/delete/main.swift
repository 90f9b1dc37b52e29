import MarketLinuxContainers

Delete.main()
