module lvsdr

go 1.26
