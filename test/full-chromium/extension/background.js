// What a person does with a right click: tests call chrome.tabs.duplicate in here.
