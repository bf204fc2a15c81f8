-- A member who claims a card may have the same offer twice: whoever makes one locks the account and looks, and no index is in the way of what moves.
set local lock_timeout = '2s';

drop index entitlement_offer;
