import OneMarket
