print("socialnet")
