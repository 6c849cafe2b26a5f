# 192.0.2.1 is an address for documentation (RFC 5737): it is nobody's.
exec bash -c ': > /dev/tcp/192.0.2.1/80'
