import MarketLinuxContainers

Export.main()
