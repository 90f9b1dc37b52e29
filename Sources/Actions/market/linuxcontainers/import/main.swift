import MarketLinuxContainers

Import.main()
