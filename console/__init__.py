"""What a supervisor sees and clicks: the pages behind the buttons of mails."""
