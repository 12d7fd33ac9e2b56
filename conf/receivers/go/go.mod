module omzmq/receive

go 1.19
