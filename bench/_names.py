"""Names for benchmarks: ordinary people of many cultures, and how listed names are disguised."""

import random
from collections.abc import Iterator

# Common given and family names as telephone books have them; who is called so is nobody's guess.
PEOPLE = {
    "English": (
        "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara "
        "Richard Susan Joseph Jessica Thomas Sarah Charles Karen Emma Oliver Sophie Harry",
        "Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Moore Jackson "
        "Martin Thompson White Harris Clark Lewis Robinson Walker Young King Wright Scott",
    ),
    "German": (
        "Lukas Anna Jonas Lena Felix Marie Maximilian Laura Paul Julia Leon Katharina Tobias "
        "Sabine Jürgen Birgit Stefan Claudia Matthias Heike Günther Ute",
        "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch "
        "Bauer Richter Klein Wolf Schröder Neumann Schwarz Zimmermann Krüger Hartmann",
    ),
    "French": (
        "Jean Marie Pierre Nathalie Michel Isabelle Philippe Catherine Nicolas Camille Julien "
        "Céline François Aurélie Laurent Sandrine Olivier Valérie Antoine Chloé",
        "Bernard Dubois Durand Leroy Moreau Simon Laurent Lefebvre Roux Fournier Girard Bonnet "
        "Dupont Lambert Fontaine Rousseau Vincent Morel Lefèvre Mercier Blanc Garnier",
    ),
    "Spanish": (
        "María Carmen José Antonio Manuel Lucía Francisco Elena Javier Paula Carlos Sofía "
        "Alejandro Isabel Miguel Rosa Fernando Andrea Diego Valentina Ricardo Gabriela",
        "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez "
        "Ruiz Hernández Díaz Moreno Muñoz Álvarez Romero Alonso Gutiérrez Navarro Torres",
    ),
    "Italian": (
        "Giuseppe Giulia Marco Francesca Alessandro Chiara "
        "Andrea Sara Matteo Martina Lorenzo Elisa "
        "Davide Federica Simone Valentina Stefano Silvia Luca Paola",
        "Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti "
        "De Luca Mancini Costa Giordano Rizzo Lombardi Moretti",
    ),
    "Portuguese": (
        "João Ana Pedro Beatriz Tiago Mariana Rui Catarina Rafael Juliana Gustavo Fernanda Bruno "
        "Camila Thiago Larissa Eduardo Letícia Marcelo Renata",
        "Silva Santos Oliveira Souza Pereira Costa Ferreira Almeida Carvalho Ribeiro Gomes Barbosa "
        "Rocha Dias Nunes Mendes Cardoso Teixeira Correia Machado",
    ),
    "Russian": (
        "Александр Елена Дмитрий Ольга Сергей Наталья Андрей Татьяна Алексей Светлана Иван Ирина "
        "Михаил Екатерина Николай Мария Владимир Юлия Павел Анастасия",
        "Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков Фёдоров Морозов "
        "Волков Алексеев Лебедев Семёнов Егоров Павлов Козлов Степанов Орлов",
    ),
    "Polish": (
        "Jan Anna Piotr Katarzyna Krzysztof Małgorzata Andrzej Agnieszka Tomasz Barbara Paweł Ewa "
        "Marcin Krystyna Michał Magdalena Jakub Zofia Łukasz Joanna",
        "Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański "
        "Woźniak Dąbrowski Kozłowski Mazur Jankowski Kwiatkowski Krawczyk Piotrowski Grabowski",
    ),
    "Turkish": (
        "Mehmet Fatma Mustafa Ayşe Ahmet Emine Ali Hatice Hüseyin Zeynep Hasan Elif İbrahim Meryem "
        "Murat Şerife Yusuf Özlem Emre Gül",
        "Yılmaz Kaya Demir Şahin Çelik Yıldız Yıldırım "
        "Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan "
        "Çetin Kara Koç Kurt Özkan Şimşek",
    ),
    "Arabic": (
        "Mohammed Fatima Ahmed Aisha Omar Maryam Khalid Noor Youssef Layla Tariq Huda Karim Salma "
        "Hassan Rania Samir Dina Nabil Amal",
        "Haddad Khoury Mansour Nasser Saleh Farouk "
        "Aziz Darwish Qasim Sabbagh Zaidan Hamdan Barakat "
        "Shaheen Najjar Awad Tawfiq Rizk Bitar Ghanem",
    ),
    "Persian": (
        "Reza Maryam Ali Zahra Hossein Sara Mehdi Narges Amir Leila Saeed Shirin Hamid Parisa "
        "Behrouz Azadeh Farhad Nasrin Kaveh Mina",
        "Ahmadi Hosseini Karimi Moradi Rahimi Jafari "
        "Rezaei Sadeghi Ebrahimi Ghasemi Kazemi Shirazi "
        "Tehrani Yazdani Nazari Rostami Heydari Bagheri Soltani Zarei",
    ),
    "Chinese": (
        "Wei Fang Na Xiuying Min Jing Lei Qiang Yang Jie "
        "Juan Yan Chao Xia Ping Gang Hui Ming Xin Bo",
        "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo",
    ),
    "Han": (
        "伟 芳 秀英 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 超 明 霞 秀兰 桂英",
        "王 李 张 刘 陈 杨 黄 赵 吴 周 徐 孙 马 朱 胡 郭 何 林 高 罗",
    ),
    "Korean": (
        "Minjun Seoyeon Jiho Jiwoo Hyunwoo Minseo Junseo Haeun Donghyun Soojin Youngho Eunji",
        "Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim Han Oh Seo Shin Kwon Hwang",
    ),
    "Vietnamese": (
        "Minh Lan Hùng Hương Tuấn Thảo Dũng Linh Nam Trang Quang Ngọc Hải Mai Long Phương",
        "Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý",
    ),
    "Indian": (
        "Rahul Priya Amit Anjali Sanjay Pooja Vikram Neha Rajesh Sunita Arjun Kavita Suresh Deepa "
        "Manoj Lakshmi Anil Meena Ravi Geeta",
        "Sharma Verma Gupta Singh Kumar Patel Reddy Nair Iyer Joshi Mehta Desai Rao Chopra Kapoor "
        "Malhotra Banerjee Mukherjee Das Pillai",
    ),
    "Nigerian": (
        "Chinedu Ngozi Emeka Amaka Oluwaseun Funmilayo Tunde Yetunde Ibrahim Aminat Obinna Ifeoma "
        "Babatunde Folake Uche Chioma",
        "Okafor Adeyemi Okonkwo Balogun Eze Adebayo Nwosu Ogunleye Obi Bello Onyekachi Afolabi "
        "Chukwu Olawale Abubakar Danjuma",
    ),
    "Japanese": (
        "Haruto Yui Sota Aoi Yuto Hina Ren Sakura Takashi Keiko Hiroshi Yoko Kenji Naomi Akira Emi",
        "Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada "
        "Sasaki Matsumoto Inoue Kimura",
    ),
}  # fmt: skip

CYRILLIC = (
    ("shch", "щ"), ("sh", "ш"), ("ch", "ч"), ("zh", "ж"), ("kh", "х"), ("ts", "ц"), ("ya", "я"),
    ("yu", "ю"), ("ph", "ф"), ("th", "т"), ("ck", "к"), ("x", "кс"), ("q", "к"), ("w", "в"),
    ("a", "а"), ("b", "б"), ("c", "к"), ("d", "д"), ("e", "е"), ("f", "ф"), ("g", "г"), ("h", "х"),
    ("i", "и"), ("j", "й"), ("k", "к"), ("l", "л"), ("m", "м"), ("n", "н"), ("o", "о"), ("p", "п"),
    ("r", "р"), ("s", "с"), ("t", "т"), ("u", "у"), ("v", "в"), ("y", "й"), ("z", "з"),
)  # fmt: skip
#: What romanisations exchange.
RESPELLED = (
    ("sh", "sch"), ("kh", "h"), ("ph", "f"), ("th", "t"), ("ou", "u"), ("oo", "u"), ("ee", "i"),
    ("ck", "k"), ("ya", "ia"), ("yu", "iu"), ("ks", "x"), ("w", "v"), ("y", "i"), ("q", "k"),
    ("gh", "g"), ("tch", "ch"),
)  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def ordinary(number: int, *, seed: int = 11) -> Iterator[str]:
    """So many ordinary names, half of them with a second given or family name."""
    draw = random.Random(seed)
    cultures = [(given.split(), family.split()) for given, family in PEOPLE.values()]
    for _ in range(number):
        given, family = draw.choice(cultures)
        words = [draw.choice(given), draw.choice(family)]
        if draw.random() < 0.5:
            words.insert(1, draw.choice(given + family))
        yield " ".join(words)


def reordered(name: str, draw: random.Random) -> str:
    """The same words in another order, without their comma."""
    words = name.replace(",", " ").split()
    draw.shuffle(words)
    return " ".join(words)


def respelled(name: str, draw: random.Random) -> str:
    """Latin letters as another romanisation writes them; one exchange, if any applies."""
    small = name.casefold()
    able = [(one, other) for one, other in RESPELLED if one in small]
    able += [(other, one) for one, other in RESPELLED if len(other) > 1 and other in small]
    if not able:
        return small
    one, other = draw.choice(able)
    return small.replace(one, other, 1)


def in_cyrillic(name: str, _: random.Random) -> str:
    """The name written in Cyrillic letters, sound by sound."""
    small, written = name.casefold(), ""
    while small:
        for latin, letter in CYRILLIC:
            if small.startswith(latin):
                written, small = written + letter, small[len(latin) :]
                break
        else:
            written, small = written + small[0], small[1:]
    return written


def mistyped(name: str, draw: random.Random) -> str:
    """One slip of a finger in one word: a letter wrong, lost, doubled up or swapped."""
    words = name.replace(",", " ").split()
    able = [at for at, word in enumerate(words) if len(word) >= 4 and word.isalpha()]
    if not able:
        return name
    at = draw.choice(able)
    word, place, how = words[at].casefold(), draw.randrange(len(words[at])), draw.randrange(4)
    if how == 0:
        word = word[:place] + draw.choice(LETTERS) + word[place + 1 :]
    elif how == 1:
        word = word[:place] + word[place + 1 :]
    elif how == 2:
        word = word[:place] + draw.choice(LETTERS) + word[place:]
    else:
        place = min(place, len(word) - 2)
        word = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    words[at] = word
    return " ".join(words)


DISGUISES = {
    "reordered": reordered,
    "respelled": respelled,
    "in Cyrillic": in_cyrillic,
    "one typo": mistyped,
}
