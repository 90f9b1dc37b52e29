import MarketLinuxContainers

Monitor.main()
